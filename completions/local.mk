# Completion for shells, where these look for it.

bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_zshcompletion_DATA = completions/_snarl
dist_fishcompletion_DATA = completions/snarl.fish
EXTRA_DIST += completions/snarl.bash

# bash looks for the name of the command.
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/completions/snarl.bash "$(DESTDIR)$(bashcompletiondir)/snarl"

uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/snarl"
