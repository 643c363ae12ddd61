"""The 58 attributes of MGPHot: what they are, how they are filled, kept, asked for and compared.

    table       the attributes with their categories, ends and words
    scales      the published scale 0–1 and the integers 0–5 of the E4SRec paper, and the way between them
    values      how values are stored as annotations, each with how sure it is
    files       reading published files
    by_model    a language model as annotator
    by_audio    regression from vectors of tracks that are annotated already
    columns     the attributes of a catalogue's tracks
    space       the attributes as a modality

Source: Oramas, Gouyon, Hogan, Landau and Ehmann, "MGPHot: A Dataset of Musicological Annotations for Popular Music
(1958–2022)", TISMIR 8(1), 2025.
"""
