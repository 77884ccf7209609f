"""One verb a file, plain objects in: build in the order of dependency, call one method."""
