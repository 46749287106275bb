from rad.errors import quiet_interruptions

quiet_interruptions()
