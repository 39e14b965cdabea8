"""Where subscription state comes from: files, webhooks, providers. Sources do not know each other."""
