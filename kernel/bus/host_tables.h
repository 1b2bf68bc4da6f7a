// The C tables that plugins see, one function per extension that returns its table. Each table is
// constant and the same for all plugins; the instance comes from sara_host.priv.
#pragma once
#include "sara/sara.h"

namespace sara::bus {

class Instance;

// Fills the members of the host table of one instance.
void fillHostTable(sara_host& table, Instance& instance);
// Buffer functions of the host table.
void fillBuffers(sara_host& table);
// True when h was made by fillHostTable().
bool isHostTable(const sara_host* h);

const sara_bus* busTable();
const sara_loop* loopTable();
const sara_log* logTable();
const sara_metrics* metricsTable();
const sara_config* configTable();
const sara_rpc* rpcTable();
const sara_health* healthTable();
const sara_services* servicesTable();

}  // namespace sara::bus
