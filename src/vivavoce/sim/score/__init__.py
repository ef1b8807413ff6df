"""What a conversation was like, in numbers: a pure function of what was truly said and what was audible."""
