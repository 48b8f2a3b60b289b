"""Plain ECMAScript and the data that it reads: no build step, no bundler, no network."""
