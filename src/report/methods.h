/* What a name in results.json stands for: from its list of methods, and of experts. */
#ifndef HR_REPORT_METHODS_H
#define HR_REPORT_METHODS_H

#include "core/text.h"
#include "report/reader.h"

typedef enum hr_listed_kind {
  HR_LISTED_UNKNOWN, /* also where results of earlier versions have no such list */
  HR_LISTED_EXPERT,
  HR_LISTED_GLOBAL,
  HR_LISTED_ORACLE,
  HR_LISTED_HYBRID,
  HR_LISTED_GATED, /* routed by a gate; its expert is "" where it is the hybrid's */
  HR_LISTED_CONTROL,
} hr_listed_kind;

/* Texts are borrowed from the reader. */
typedef struct hr_listed {
  hr_listed_kind kind;
  const char *name, *title; /* the title of what is unknown is its name */
  const char *expert;       /* "" where it is not one expert's */
  bool by_test;             /* chosen on the test rows */
} hr_listed;

hr_listed hr_listed_of(hr_reader *reader, const char *name);

/* The name of the method of that kind, expert ("": of none) and choice; NULL: there is
 * none. */
const char *hr_listed_find(hr_reader *reader, hr_listed_kind kind, const char *expert,
                           bool by_test);

/* Whether an entry of `experts` was trained elsewhere; and whether it is a model of all
 * rows and of no bin, as some of these are. */
bool hr_expert_is_elsewhere(hr_reader *reader, const hr_node *expert);

/* Whether it may be chosen: a model from elsewhere that was not validated may not. */
bool hr_expert_competes(const hr_node *expert);

/* Whether no expert may be: then the hybrid is the model of all rows throughout, or
 * nothing. */
bool hr_nobody_competes(hr_reader *reader);

/* Whether it is given by its predictions: what they were made from is not known here. */
bool hr_expert_is_of_predictions(hr_reader *reader, const hr_node *expert);
bool hr_expert_is_of_all_rows(hr_reader *reader, const hr_node *expert);

/* Where an expert stands among all experts; 0 for one that is not among them. */
size_t hr_expert_place(hr_reader *reader, const char *expert);

/* How one of the experts of results.json, and how a method or an expert is called in
 * tables, figures and sentences, in the report's language. */
const char *hr_expert_title(hr_reader *reader, const hr_node *expert);
void hr_append_method_title(hr_reader *reader, const char *name, hr_text *out);

/* The same for Markdown, with what a title has of its marks behind backslashes. */
void hr_append_method_markdown(hr_reader *reader, const char *name, hr_text *out);

#endif
