/* `headroom completion`: what a shell needs to complete command lines, made from the
 * tables of verbs and options, so that it never lags behind them. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

/* Whether the value or the operand is a file or a folder. */
static bool is_file(const char *value) {
  static const char *const names[] = {"DIR", "FILE", "CONFIG", "MODEL", "PREDICTIONS"};
  for (size_t i = 0; value && i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(value, names[i]) == 0) return true;
  }
  return false;
}

static void append_verbs(hr_text *out, const char *between) {
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(out, "%s%s", i ? between : "", verbs[i]->grammar.verb);
  }
}

/* a|b|c with another character between. */
static void append_choices(const char *choices, hr_text *out) {
  for (; *choices; choices++) hr_text_append(out, "%c", *choices == '|' ? ' ' : *choices);
}

/* Cases of `verb:option` whose value is one of some words, or a file. */
static void append_bash_values(const hr_grammar *grammar, hr_text *out) {
  for (size_t i = 0; i < grammar->option_count; i++) {
    const hr_option *option = &grammar->options[i];
    if (option->kind == HR_OPTION_FLAG) continue;
    hr_text_append(out, "    %s:--%s) ", grammar->verb, option->name);
    if (option->kind == HR_OPTION_CHOICE) {
      hr_text_append(out, "words=\"");
      append_choices(option->choices, out);
      hr_text_append(out, "\" ;;\n");
    } else {
      hr_text_append(out, is_file(option->value) ? "files=1 ;;\n" : "none=1 ;;\n");
    }
  }
}

static void append_bash_options(const hr_grammar *grammar, hr_text *out) {
  hr_text_append(out, "      %s) words=\"", grammar->verb);
  for (size_t i = 0; i < grammar->option_count; i++) {
    hr_text_append(out, "--%s ", grammar->options[i].name);
  }
  hr_text_append(out, "--help\" ;;\n");
}

static void append_bash_operand(const hr_grammar *grammar, hr_text *out) {
  hr_text_append(out, "      %s) ", grammar->verb);
  if (strcmp(grammar->verb, "help") == 0) hr_text_append(out, "words=\"$verbs\" ");
  if (strcmp(grammar->verb, "completion") == 0) {
    hr_text_append(out, "words=\"bash zsh fish\" ");
  }
  hr_text_append(out, is_file(grammar->operand) ? "files=1 ;;\n" : ";;\n");
}

static void append_bash(hr_text *out) {
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  hr_text_append(
      out,
      "_headroom() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local verb=${COMP_WORDS[1]} words= files= none= verbs=\"");
  append_verbs(out, " ");
  hr_text_append(
      out,
      "\"\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"$verbs --help --version\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case $verb:$before in\n");
  for (size_t i = 0; i < count; i++) append_bash_values(&verbs[i]->grammar, out);
  hr_text_append(out, "    *) case $word in\n    -*) case $verb in\n");
  for (size_t i = 0; i < count; i++) append_bash_options(&verbs[i]->grammar, out);
  hr_text_append(out, "      esac ;;\n    *) case $verb in\n");
  for (size_t i = 0; i < count; i++) append_bash_operand(&verbs[i]->grammar, out);
  hr_text_append(out,
                 "      esac ;;\n"
                 "    esac ;;\n"
                 "  esac\n"
                 "  [ -n \"$none\" ] && return\n"
                 "  if [ -n \"$files\" ]; then\n"
                 "    compopt -o filenames 2>/dev/null\n"
                 "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
                 "  else\n"
                 "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                 "  fi\n"
                 "}\n"
                 "complete -F _headroom headroom\n");
}

/* zsh completes with bash's function. */
static void append_zsh(hr_text *out) {
  hr_text_append(out, "autoload -U +X bashcompinit && bashcompinit\n");
  append_bash(out);
}

/* In single quotes, as fish reads them. */
static void append_quoted(const char *text, hr_text *out) {
  hr_text_append(out, "'");
  for (; *text; text++) {
    bool is_special = *text == '\'' || *text == '\\';
    hr_text_append(out, "%s%c", is_special ? "\\" : "", *text);
  }
  hr_text_append(out, "'");
}

static void append_fish_option(const char *verb, const hr_option *option, hr_text *out) {
  hr_text_append(out, "complete -c headroom -n '__fish_seen_subcommand_from %s' -l %s ",
                 verb, option->name);
  if (option->kind == HR_OPTION_CHOICE) {
    hr_text_append(out, "-xa '");
    append_choices(option->choices, out);
    hr_text_append(out, "' ");
  } else if (option->kind != HR_OPTION_FLAG) {
    hr_text_append(out, is_file(option->value) ? "-r " : "-x ");
  }
  hr_text_append(out, "-d ");
  append_quoted(option->help, out);
  hr_text_append(out, "\n");
}

static void append_fish(hr_text *out) {
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  for (size_t i = 0; i < count; i++) {
    const hr_grammar *grammar = &verbs[i]->grammar;
    hr_text_append(out, "complete -c headroom -n __fish_use_subcommand -xa %s -d ",
                   grammar->verb);
    append_quoted(verbs[i]->summary, out);
    hr_text_append(out, "\n");
    for (size_t o = 0; o < grammar->option_count; o++) {
      append_fish_option(grammar->verb, &grammar->options[o], out);
    }
  }
  hr_text_append(out,
                 "complete -c headroom -n '__fish_seen_subcommand_from completion' -xa "
                 "'bash zsh fish'\n"
                 "complete -c headroom -n '__fish_seen_subcommand_from help' -xa '");
  append_verbs(out, " ");
  hr_text_append(out, "'\n");
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)values;
  hr_status status = HR_OK;
  hr_text out;
  hr_text_init(&out);
  if (strcmp(operand, "bash") == 0) {
    append_bash(&out);
  } else if (strcmp(operand, "zsh") == 0) {
    append_zsh(&out);
  } else if (strcmp(operand, "fish") == 0) {
    append_fish(&out);
  } else {
    status = hr_fail(err, HR_ERR_USAGE,
                     "completion is there for bash, zsh and fish, not for '%s'", operand);
    goto cleanup;
  }
  HR_TRY(hr_text_status(&out, err));
  fputs(out.bytes, stdout);
cleanup:
  hr_text_fini(&out);
  return status;
}

const hr_verb hr_verb_completion = {
    .grammar = {.verb = "completion", .operand = "SHELL"},
    .summary = "print what bash, zsh or fish needs to complete command lines",
    .details =
        "For bash, put this into ~/.bashrc:  source <(headroom completion bash)\n"
        "For zsh, into ~/.zshrc:  source <(headroom completion zsh)\n"
        "For fish:  headroom completion fish > "
        "~/.config/fish/completions/headroom.fish",
    .run = run,
};
