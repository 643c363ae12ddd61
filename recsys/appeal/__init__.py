"""How much would a track that nobody has heard yet appeal, and how good does it sound? From its content alone.

Heads and targets are in `heads`, `targets`, `transforms` and `tables`; the network of APEX (Husain and Herremans 2026,
arXiv 2605.03395) in `apex`, `losses`, `training`, `saved` and `published`, which reads the authors' checkpoint; content
as numbers in `inputs` and `phrases`; what is compared with the network, and does better on little data, in `learners`,
`kernel` and `trees`.
"""
