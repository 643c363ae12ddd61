"""Audio encoders whose weights others have trained: one file per family, each with a card per encoder.

A family's file has `open_encoder(card, folder, threads, device)`, which reads the weights in `folder`, and
`fetch(card, folder)`, which downloads them there. No such file imports torch or transformers before an encoder is
opened, and none runs code that comes with weights.
"""
