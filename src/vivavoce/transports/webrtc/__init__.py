"""Callers over WebRTC: one small boundary, `peer.Peer`, and the libraries that stand behind it."""
