"""How good the detector is: on a simulator, on the benchmark tweet series, on real streams, and how fast."""
