#include "boot/server.h"

#include "boot/conf_settings.h"
#include "boot/plugin_set.h"

namespace sara::boot {

int runServer(Runtime& runtime) {
    loop::LoopSet loops(loopCount(runtime.conf), runtime.clock, loopLimits(runtime.conf));
    bus::Bus::Options options{loops, runtime.clock, runtime.log, "", SARA_VERSION};
    busLimits(runtime.conf, &options);
    bus::Bus bus(options);
    PluginSet plugins(std::move(runtime.plan), bus, loops, runtime.log);
    loops.start();

    int code = 0;
    if (plugins.initialise() && plugins.startServices() && plugins.startTransports()) {
        runtime.ready(plugins, {});
        runtime.waitForEnd();
        plugins.drain(static_cast<uint32_t>(runtime.conf.integer("drain_timeout_ms")));
    } else {
        code = runtime.fail(plugins.error());
    }
    plugins.stop();
    bus.shutDown();
    loops.stop();
    plugins.destroy();
    return code;
}

}  // namespace sara::boot
