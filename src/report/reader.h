/* Reading results.json strictly: every key that is asked for must be there and of its
 * type. The first thing wrong is kept, everything after it reads as empty, so that a long
 * series of questions needs one check at its end. */
#ifndef HR_REPORT_READER_H
#define HR_REPORT_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "headroom/results.h"

typedef struct hr_reader {
  const char *path; /* of the file, for messages; borrowed */
  json_t *root;     /* owned */
  /* When the run began, as its manifest has it ("2026-11-28T21:14:00Z"); "": not known.
   * Results do not know it, as the same study has the same. */
  char started[24];
  hr_status status;
  hr_error error;
} hr_reader;

/* A place in the file. Borrows its parent, which must outlive it. */
typedef struct hr_node {
  json_t *json; /* borrowed; NULL after a failure */
  const struct hr_node *parent;
  const char *key; /* NULL: the item `index` of a list */
  size_t index;
} hr_node;

/* Opens and checks schema and ledger. HR_ERR_MISSING, HR_ERR_FORMAT, or HR_ERR_LEDGER
 * where the accounts do not balance. `path` must outlive the reader. */
hr_status hr_reader_init(hr_reader *reader, const char *path,
                         hr_error *err) HR_MUST_CHECK;

/* The same of a document that was parsed already and is now the reader's, also where this
 * fails; `path` is what messages call it. */
hr_status hr_reader_take(hr_reader *reader, const char *path, json_t *root,
                         hr_error *err) HR_MUST_CHECK;
void hr_reader_fini(hr_reader *reader);
hr_status hr_reader_status(const hr_reader *reader, hr_error *err) HR_MUST_CHECK;

hr_node hr_reader_root(const hr_reader *reader);
hr_node hr_node_object(hr_reader *reader, const hr_node *parent, const char *key);
hr_node hr_node_list(hr_reader *reader, const hr_node *parent, const char *key);
size_t hr_node_count(const hr_node *list);

/* An item of a list, an object. */
hr_node hr_node_item(hr_reader *reader, const hr_node *list, size_t index);

/* Whether the key is there and null. */
bool hr_node_is_null(const hr_node *parent, const char *key);

/* Whether the key is there and not null. */
bool hr_node_has(const hr_node *parent, const char *key);

/* null is NaN. */
double hr_node_number(hr_reader *reader, const hr_node *parent, const char *key);
bool hr_node_bool(hr_reader *reader, const hr_node *parent, const char *key);

/* Borrowed; never NULL: "" after a failure. */
const char *hr_node_text(hr_reader *reader, const hr_node *parent, const char *key);

/* Borrowed; null is NULL. */
const char *hr_node_text_or_null(hr_reader *reader, const hr_node *parent,
                                 const char *key);

/* Refuses the file: what stands at `key` is not `wanted`. */
void hr_node_refuse(hr_reader *reader, const hr_node *parent, const char *key,
                    const char *wanted);

/* A number with its interval: `key` and the pair `key`_ci (or `interval_key`). */
hr_estimate hr_node_estimate(hr_reader *reader, const hr_node *parent, const char *key,
                             const char *interval_key);

#endif
