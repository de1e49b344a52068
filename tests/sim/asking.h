/* Steps of the simulation's own, for what steps that ask models and make documents do: they read a
 * document first, take the answer of another call that asks for the same, keep texts beside their
 * values, and leave a file for each item. And what stands in for sandbox children.
 *
 *   ask   {url, file, k, mode}: reads the file, then asks the server about its text
 *   memo  {name, text}: makes a file
 *
 * Threads: as the steps of this build.
 */
#ifndef SIM_ASKING_H
#define SIM_ASKING_H

#include "base/conversion.h"
#include "engine/step.h"

struct effect_row;
struct world;

#define ASKING_TYPES 2
extern const struct step_type *const asking_types[ASKING_TYPES];

converter_fn asking_convert;

/* An effect was recorded: the texts that its value names are there. */
void asking_note_recorded(struct world *world, const struct effect_row *row);

#endif
