#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

const void* getExtension(const sara_host* h, const char* id) noexcept {
    if (id == nullptr) return nullptr;
    return Instance::of(h).core().extension(id);
}

void setError(const sara_host* h, sara_str text) noexcept { Instance::of(h).setError(text); }

uint32_t thisLoop(const sara_host* h) noexcept {
    const loop::EventLoop* loop = Instance::of(h).currentLoop();
    return loop == nullptr ? UINT32_MAX : loop->index();
}

}  // namespace

void fillHostTable(sara_host& table, Instance& instance) {
    const Bus::Options& options = instance.core().options;
    table.struct_size = sizeof(sara_host);
    table.abi_major = SARA_ABI_MAJOR;
    table.abi_minor = SARA_ABI_MINOR;
    table.server_name = "sara";
    table.server_version = options.server_version.c_str();
    table.node_id = options.node_id.c_str();
    table.instance = instance.identity().instance.c_str();
    table.loop_count = options.loops.size();
    table.priv = &instance;
    table.get_extension = &getExtension;
    table.set_error = &setError;
    table.this_loop = &thisLoop;
    fillBuffers(table);
}

bool isHostTable(const sara_host* h) {
    return h != nullptr && h->get_extension == &getExtension && h->priv != nullptr;
}

}  // namespace sara::bus
