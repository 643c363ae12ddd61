"""Where the tracks nearest to a point in the joint space are found."""
