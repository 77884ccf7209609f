"""From files to clips on the device: lists, media, decode, sampling, augment, dataset, loader, normalize."""
