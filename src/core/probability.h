/* Distributions that tests and intervals are read from. */
#ifndef HR_CORE_PROBABILITY_H
#define HR_CORE_PROBABILITY_H

/* The regularised upper incomplete gamma function Q(a, x), a > 0, x >= 0, to 1e-12: the
 * chance that chi-square of 2a degrees of freedom is above 2x. By its series below a + 1
 * and by its continued fraction from there on (Abramowitz & Stegun 1964, 6.5.29 and
 * 6.5.31; the fraction by Lentz's method, Press et al. 2007, Numerical Recipes, 6.2). NaN
 * for other arguments. */
double hr_gamma_upper(double a, double x);

/* Student's t of v degrees of freedom at the probability where the normal has z
 * (Abramowitz & Stegun 1964, 26.7.5): to 7e-3 from v = 4 on, and below that it is large
 * enough. */
double hr_student_quantile(double z, double v);

#endif
