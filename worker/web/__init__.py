"""What listens: signed webhooks, health. Every request passes one guard that reads and caps its body."""
