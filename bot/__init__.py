"""The program: configuration, wiring, scheduler, sender, command line, channels, texts, web. Nobody imports it."""
