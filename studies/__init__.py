"""Studies that rebuild what papers on dropout in LSTMs argue about, by training and measuring."""
