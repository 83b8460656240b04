/* The tables of a comparison. Runs are A, B, .. in the order they were given. */
#ifndef HR_COMPARE_TABLES_H
#define HR_COMPARE_TABLES_H

#include "compare/comparison.h"
#include "report/table.h"

typedef enum hr_comparison_table {
  HR_COMPARISON_RUNS,
  HR_COMPARISON_LADDER,
  HR_COMPARISON_METHODS,
  HR_COMPARISON_BINS,
  HR_COMPARISON_SNR,
  HR_COMPARISON_SETTINGS,
  HR_COMPARISON_TABLES,
} hr_comparison_table;

/* A table without rows has nothing to show. */
typedef struct hr_comparison_tables {
  hr_table items[HR_COMPARISON_TABLES];
} hr_comparison_tables;

/* To be followed by hr_comparison_tables_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_comparison_tables_init(hr_comparison_tables *tables,
                                    const hr_comparison *comparison,
                                    hr_error *err) HR_MUST_CHECK;
void hr_comparison_tables_fini(hr_comparison_tables *tables);

#endif
