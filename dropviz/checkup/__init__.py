"""What is here, whether dropviz can work with it, and what to do where it cannot."""
