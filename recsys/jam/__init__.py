"""JAM: listener, request and tracks in one space, where a request is a translation from listener to track."""
