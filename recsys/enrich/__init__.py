"""What can be known of tracks of which a catalogue has little more than the name.

Each source of knowledge is one file: other tracks of the same artist (`artist`), facts shipped with the package
(`facts`), what an outside service answered (`looked_up`), and a language model (`by_model`). All give annotations
(`recsys.annotations`) with a confidence; none ever overwrites what a track states.
"""
