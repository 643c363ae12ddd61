"""The science of Segue: catalogue, joint space, retrieval, ranking and slates. Knows nothing of chat."""
