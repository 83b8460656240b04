/* Time that only runs forward. */
#ifndef HR_CORE_CLOCK_H
#define HR_CORE_CLOCK_H

/* Seconds since some fixed moment, by a clock that is never set. */
double hr_clock_seconds(void);

#endif
