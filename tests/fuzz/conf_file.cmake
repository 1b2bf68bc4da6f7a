sara_fuzz(conf_file ${CMAKE_CURRENT_LIST_DIR}/conf_file.cpp LINK sara_boot)
