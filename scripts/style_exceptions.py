"""What the rules of check_style.py leave out, each with its reason. Lists only get shorter: what is
new keeps the rules."""

# Functions of more than six parameters.
MANY_PARAMETERS = {
    "refuse_to_follow": "HDF5 prescribes the parameters of this callback",
    "dpotrs_": "LAPACK's own",
    "dsyevd_": "LAPACK's own",
}

# Structs of options without a hr_..._default().
NO_DEFAULT = {
    "hr_training_options": "a method's parameters fill it, and their table has the defaults",
}

# Sources without a test file of their own name: what they do is seen in another one's.
TESTED_BY = {
    # The program is run as users run it.
    "cli/main.c": "cli/test_program.c",
    "cli/verb_help.c": "cli/test_program.c",
    "cli/verb_inspect.c": "cli/test_program.c",
    "cli/verb_publish.c": "cli/test_program.c",
    "cli/verb_report.c": "cli/test_program.c",
    "cli/verb_run.c": "cli/test_program.c",
    "cli/verb_simulate.c": "cli/test_program.c",
    "cli/verb_status.c": "cli/test_program.c",
    "cli/verb_stop.c": "cli/test_program.c",
    "cli/verb_version.c": "cli/test_program.c",
    # Every back end has to pass the same tests.
    "nn/convolver_reference.c": "nn/test_convolver.c",
    "nn/dnnl.c": "nn/test_convolver.c",
    "compute/blas/blas.c": "compute/test_compute.c",
    "compute/reference/reference.c": "compute/test_compute.c",
    # Files that share one object, whose tests see them together.
    "nn/network_pass.c": "nn/test_network.c",
    "config/table.c": "config/test_config.c",
    "session/state.c": "session/test_run.c",
    "compute/templates_components.c": "compute/test_templates.c",
    "compute/templates_conclude.c": "compute/test_templates.c",
    "compute/templates_cut.c": "compute/test_templates.c",
    "compute/templates_pixels.c": "compute/test_templates.c",
    "compute/tiles.c": "compute/test_scatter.c",
    "report/chart_axes.c": "report/test_chart.c",
    "report/chart_legend.c": "report/test_chart.c",
    "report/figure_bins.c": "report/test_figures.c",
    "report/figure_grid.c": "report/test_figures.c",
    "report/figure_overall.c": "report/test_figures.c",
    "report/figure_scatter.c": "report/test_figures.c",
    "report/figure_snr.c": "report/test_figures.c",
    "report/figure_training.c": "report/test_figures.c",
    "report/markdown.c": "report/test_report.c",
    "report/source.c": "report/test_report.c",
    "report/tables.c": "report/test_report.c",
    "report/tables_ceiling.c": "report/test_report.c",
    "report/rows_audit.c": "report/test_contradictions.c",
    "score/results_ceiling.c": "score/test_results.c",
    "score/results_levels.c": "score/test_results.c",
}

# Beginnings of sentences that no test compares.
MEMORY = "said where another library's allocation fails, which test_failing_calls.py provokes"
OPENED = "HDF5 answers from memory about what it has opened, and fails for want of memory alone"
SYSTEM = "takes a system that refuses what it grants to root, or a file that goes in mid-call"
UNPROVOKED = {
    "no memory to read %s": MEMORY,
    "no memory for reading %s": MEMORY,
    "memory for the built-in data ran out": MEMORY,
    "cannot search for '%s'": MEMORY,
    "cannot start a process": SYSTEM,
    "cannot look at %s": SYSTEM,
    "cannot lock %s": SYSTEM,
    "%s: cannot read how %s is stored": OPENED,
    "%s: cannot read the shape of %s": OPENED,
    "%s: cannot read the type of %s": OPENED,
    "%s: cannot read its size": OPENED,
    "the key '%s%s%.60s' is not known; %s takes no keys": "every section has keys today",
}
