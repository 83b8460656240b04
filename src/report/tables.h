/* The tables of the report, each from results.json alone. */
#ifndef HR_REPORT_TABLES_H
#define HR_REPORT_TABLES_H

#include "report/methods.h"
#include "report/table.h"

typedef enum hr_table_id {
  HR_TABLE_SAMPLES,
  HR_TABLE_EXPERTS,
  HR_TABLE_BINS,    /* Table 1 */
  HR_TABLE_LADDER,  /* Table 2 */
  HR_TABLE_OVERALL, /* all methods of it */
  HR_TABLE_LADDER_BINS,
  HR_TABLE_SNR,
  HR_TABLE_SNR_ALL,
  HR_TABLE_LADDER_SNR,
  HR_TABLE_GATES,
  HR_TABLE_GATES_MIXING,
  HR_TABLE_CEILING,
  HR_TABLE_CEILING_BINS,
  HR_TABLE_LATTICE,
  HR_TABLE_CALIBRATION,
  HR_TABLE_CALIBRATION_SNR,
  HR_TABLE_CALIBRATION_BINS,
  HR_TABLE_LEVELS,
  HR_TABLE_CONTROLS,
  HR_TABLE_GATE,
  HR_TABLE_COUNT,
} hr_table_id;

typedef struct hr_tables {
  hr_table items[HR_TABLE_COUNT]; /* a table without rows has nothing to show */
} hr_tables;

/* Builds all tables; HR_ERR_FORMAT, naming the key, where results.json lacks something.
 */
hr_status hr_tables_init(hr_tables *tables, hr_reader *reader,
                         hr_error *err) HR_MUST_CHECK;
void hr_tables_fini(hr_tables *tables);

/* Whether the report is in Chinese. */
bool hr_tables_in_chinese(hr_reader *reader);

/* Has what is said of these results from here on in one language, whatever their own is;
 * in their own where there is no memory for that. */
void hr_tables_speak(hr_reader *reader, bool chinese);

/* The one of two texts that is in the report's language. */
const char *hr_say(hr_reader *reader, const char *english, const char *chinese);

/* What stands for a state ("ok") or for rows ("covered") in results.json; itself, where
 * it is not known. */
const char *hr_say_status(hr_reader *reader, const char *status);
const char *hr_say_rows(hr_reader *reader, const char *rows);

#endif
