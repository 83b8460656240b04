/* The fixed sentences of the report, in both languages. All return NULL for a key that is
 * not known. */
#ifndef HR_REPORT_WORDS_H
#define HR_REPORT_WORDS_H

#include <stdbool.h>

#include "core/text.h"

/* What a remark of results.json means. */
const char *hr_words_remark(const char *remark, bool chinese);

/* What a verdict of a gate criterion means; of "one_row" and "wild_training_rows", an
 * undecided one that one test row decides, or rows far beyond all others that are trained
 * on. */
const char *hr_words_next(const char *criterion, const char *verdict, bool chinese);

/* Why what follows may be too much, to stand behind it. */
const char *hr_words_caution(const char *caution, bool chinese);

/* Why a criterion's value is undefined ("no_gain"); a verdict ("pass"). */
const char *hr_words_why(const char *why, bool chinese);
const char *hr_words_verdict(const char *verdict, bool chinese);

/* A state of an expert ("ok"); which rows are meant ("covered"). */
const char *hr_words_status(const char *status, bool chinese);
const char *hr_words_rows(const char *rows, bool chinese);

/* The name of a gate criterion in tables. */
const char *hr_words_criterion(const char *criterion, bool chinese);

/* What a code of results.json's warnings means, in Chinese; NULL: an unknown one. Their
 * sentences, which name files and keys, are English. */
const char *hr_words_doubt(const char *code);

/* Whether a code of results.json's warnings is of the results themselves, of which the
 * report says more in places of its own. */
bool hr_words_is_of_results(const char *code);

/* What a rung of the ladder is, and what makes a step ("better_model"). */
const char *hr_words_rung(const char *rung, bool chinese);
const char *hr_words_step(const char *step, bool chinese);

/* What an expert or a control is called in Chinese, by its name; NULL: as in English, or
 * an unknown one. */
const char *hr_words_title(const char *name);

/* What an expert does, a sentence, by its name ("ridge"). */
const char *hr_words_expert(const char *expert, bool chinese);

/* "posterior", "fisher". */
const char *hr_words_ceiling(const char *ceiling, bool chinese);

/* A kind of gate ("bayes"), and how it mixes ("soft"). */
const char *hr_words_gate(const char *gate, bool chinese);
const char *hr_words_gate_does(const char *gate, bool chinese); /* a sentence */
const char *hr_words_mixing(const char *mixing, bool chinese);

/* Takes spaces out of `text`, from byte `from` on, that stand between two Chinese
 * characters or marks: words have one beside a title in Latin letters. */
void hr_words_close_up(hr_text *text, size_t from);

#endif
