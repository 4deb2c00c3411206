"""Every sentence a person reads, by conversation."""
