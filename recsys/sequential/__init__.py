"""What comes next in a sequence: data, models, and how they are measured."""
