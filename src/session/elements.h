/* The elements of an array of jobs that work on one study, each in a folder of its own
 * below the run directory, RUN/elements/2-of-7, which is laid out as a run directory.
 * Nothing is shared but these folders: no element reads or writes another's. */
#ifndef HR_SESSION_ELEMENTS_H
#define HR_SESSION_ELEMENTS_H

#include "core/json_file.h"
#include "core/text.h"
#include "headroom/run.h"

enum { HR_MOST_ELEMENTS = 100000 }; /* of an array */

/* element.json of one, as far as it could be read. */
typedef struct hr_element {
  size_t element, of; /* 2 of 7, from 0 */
  char *dir;          /* RUN/elements/2-of-7 */
  char study[17];     /* the fingerprint of its study; "": not known */
  hr_strings tasks;   /* the names of its tasks, "3-lightgbm" */
  hr_strings done;    /* those of them that it came to the end with, in its last session;
                         there may be records of more */
  bool is_done;       /* it came to its end */
} hr_element;

typedef struct hr_elements {
  size_t count;
  hr_element *items; /* by number of elements, then by element */
} hr_elements;

/* RUN/elements/ELEMENT-of-OF, freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_element_dir(const char *run_dir, size_t element, size_t of, char **out,
                         hr_error *err) HR_MUST_CHECK;

/* The elements that have a folder. None is no failure. HR_ERR_MEMORY. To be followed by
 * hr_elements_fini, on failure too. */
hr_status hr_elements_find(const char *run_dir, hr_elements *out,
                           hr_error *err) HR_MUST_CHECK;
void hr_elements_fini(hr_elements *elements);

/* Writes element.json into its folder. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_element_write(const hr_element *element, hr_error *err) HR_MUST_CHECK;

/* Removes RUN/elements with all that the elements have done; none is fine. HR_ERR_USAGE
 * where an element is at work, HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_elements_clear(const char *run_dir, hr_error *err) HR_MUST_CHECK;

/* How far one has come, for sentences: "done", "running (process 12 on node7)",
 * "killed", "not begun". */
void hr_element_describe(const hr_element *element, hr_text *out);

/* How far all have come, those that have no folder yet too: a line with their numbers,
 * and one for each that is not done. Nothing where there are no elements. */
void hr_elements_describe(const hr_elements *elements, hr_text *out);

/* The same as a JSON list, for run-state; empty where there are none. */
json_t *hr_elements_format(const hr_elements *elements, hr_json_builder *builder);

/* What the elements have on disk together: tasks that are done, and those whose model
 * alone is; *running: whether one is at work. */
void hr_elements_count(const hr_elements *elements, size_t *done, size_t *trained,
                       bool *running);

#endif
