"""Errors of the Discord bot: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from connectors.errors import ConnectorError


class NoTokenError(ConnectorError, ValueError):
    """The bot was to be started and the settings have no token for it."""

    def __init__(self) -> None:
        super().__init__(
            "no Discord token is set; copy the bot's token from the page Bot of your application at "
            "https://discord.com/developers/applications into SEGUE_DISCORD__TOKEN (docs/discord.md goes through it)"
        )


class BadTokenError(ConnectorError, ValueError):
    """Discord does not know the token, or it has not the form of one."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the Discord token of SEGUE_DISCORD__TOKEN is refused: {problem}; copy it again with Reset Token on the "
            "page Bot of your application at https://discord.com/developers/applications (it is neither the client "
            "secret nor the public key), without “Bot ” in front of it"
        )
        self.problem = problem


class IntentError(ConnectorError, PermissionError):
    """Discord closes the connection because an intent that the bot asks for is not allowed."""

    def __init__(self) -> None:
        super().__init__(
            "Discord refuses the intents guilds, guild messages and direct messages, which need no approval; open the "
            "page Bot of your application, save its Privileged Gateway Intents once as they are, and try again"
        )


class UnreachableError(ConnectorError, OSError):
    """Discord cannot be reached, or answers with an error."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"Discord cannot be reached ({problem}); check this machine's way to https://discord.com and "
            "https://discordstatus.com, then try `segue discord --check` again"
        )
        self.problem = problem


class RefusedError(ConnectorError, PermissionError):
    """Something that a person in Discord asked for is not done; the words are shown to them alone."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class BrokenClauseError(ConnectorError, AssertionError):
    """Discord, or a bot at it, does not do what a clause of the contract says."""

    def __init__(self, seen: str, remedy: str) -> None:
        super().__init__(f"{seen}; {remedy}")
        self.seen, self.remedy = seen, remedy
