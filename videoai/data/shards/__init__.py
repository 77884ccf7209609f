"""Videos packed into tar files, read by byte range from a folder or a URL."""
