"""Ways in and out: terminal, web chat and playlist files. Events in, widgets out."""
