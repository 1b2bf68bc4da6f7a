// From the conf file to the settings of each room. Decides nothing: the table has names, ranges and
// defaults, the rooms' headers have the meaning.
#pragma once
#include "boot/conf_file.h"
#include "bus/bus.h"
#include "chat/settings.h"
#include "loop/event_loop.h"

namespace sara::boot {

// [any]
chat::Settings chatSettings(const Conf& conf);
loop::EventLoop::Limits loopLimits(const Conf& conf);
// [any] How many loops: conf key loops, 0 means one per core that this process may use.
uint32_t loopCount(const Conf& conf);
// [any] Fills the limits of *options; the references and names are the caller's.
void busLimits(const Conf& conf, bus::Bus::Options* options);

}  // namespace sara::boot
