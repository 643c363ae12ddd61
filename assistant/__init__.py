"""The conversation: understanding, sessions, receipts and explanations. Knows nothing of Discord or Gradio."""
