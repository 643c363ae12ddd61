"""Finding candidates: by words, by translation in the joint space, by nearness to named tracks."""
