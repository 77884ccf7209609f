"""What is wrong with a data set: every file decoded to its end, then compared with every other one."""
