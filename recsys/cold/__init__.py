"""Recommending what nobody has listened to yet: content beside, and in place of, what listeners did.

A study of content vectors (Tamm and Aljanaki, 2024 and 2026) compares five ways of recommending from them; the product
takes one of those to give a track without a history the collaborative vector that its content makes likely.
"""
