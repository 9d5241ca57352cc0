"""How well and how fast the sentiment scorers work, and the training of the one that ships."""
