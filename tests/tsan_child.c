/* Part of windrow-convert when it is built with the thread sanitizer. A child has one thread of
 * ours, and those that Pango starts look like races for want of knowing glib's locks; to report
 * one, the sanitizer would open files, for which the child is killed. */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
    return "report_bugs=0";
}
