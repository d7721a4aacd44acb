"""The same matter told by many: from texts to features, from features to pairs, from pairs to clusters. Pure."""
