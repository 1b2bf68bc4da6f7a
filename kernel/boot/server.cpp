#include "boot/server.h"

#include "boot/chat_server.h"
#include "boot/conf_settings.h"
#include "boot/plugin_set.h"
#include "boot/readiness.h"

namespace sara::boot {

int runServer(Runtime& runtime) {
    loop::LoopSet loops(loopCount(runtime.conf), runtime.clock, loopLimits(runtime.conf));
    bus::Bus::Options options{loops, runtime.clock, runtime.log, "", SARA_VERSION};
    busLimits(runtime.conf, &options);
    bus::Bus bus(options);
    ChatServer chat(chatSettings(runtime.conf), loops, bus, runtime.log);
    Readiness readiness(bus);
    PluginSet plugins(std::move(runtime.plan), bus, loops, runtime.log);
    loops.start();

    int code = 0;
    const bool up = plugins.initialise() && plugins.startServices();
    chat.open();
    if (up && plugins.startTransports()) {
        readiness.serving();
        runtime.ready(plugins, {});
        runtime.waitForEnd();
        readiness.draining();
        // Transports stop accepting, then sessions end while the store still runs.
        plugins.drain(static_cast<uint32_t>(runtime.conf.integer("drain_timeout_ms")));
        chat.drain();
        runtime.waitForDrain([&chat] { return chat.idle(); });
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
