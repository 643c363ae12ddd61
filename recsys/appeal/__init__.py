"""How much would a track that nobody has heard yet appeal, and how good does it sound? From its content alone.

heads.py        what can be predicted: names, ranges, and who said the values (people, a model, a proxy)
transforms.py   from raw values to what is learnt, and back
apex.py         the network of APEX (Husain and Herremans 2026, arXiv 2605.03395), as published
losses.py       its three ways to put the losses of several heads together, with missing targets left out
training.py     fitting it, in a way that can be broken off and gone on with
saved.py        what was fitted, as safetensors and a JSON card
published.py    reading the published checkpoint
inputs.py       content of tracks as numbers: vectors, features, text, and several of them side by side
learners.py     what is compared with it, and does better on little data: ridge, kernels, boosted trees
"""
