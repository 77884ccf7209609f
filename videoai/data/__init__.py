"""From files to clips on the device: manifest, media, decode, sampling, transforms, dataset, loader, augment."""
