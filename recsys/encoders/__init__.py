"""From what a catalogue states about a track to one vector per modality."""
