"""The Discord bot: slash commands, mentions and direct messages in, embeds and buttons out."""
