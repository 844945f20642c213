# shows: htslib's pools of threads, ordered results of parallel blocks
# needs: samtools
awk 'BEGIN {
	printf "@SQ\tSN:g\tLN:100000\n"
	for (i = 0; i < 3000; i++) {
		sequence = ""
		for (k = 0; k < 50; k++)
			sequence = sequence substr("ACGT", (i * 31 + k * k * 7) % 4 + 1, 1)
		printf "r%d\t0\tg\t%d\t60\t50M\t*\t0\t0\t%s\t*\n", i, (i * 7919) % 90000 + 1, sequence
	}
}' >reads.sam
$OBSERVE samtools sort -@ 3 -O sam --no-PG -o sorted.sam reads.sam
echo $?
cksum <sorted.sam
$OBSERVE samtools view -@ 3 --no-PG -b -o sorted.bam sorted.sam
echo $?
cksum <sorted.bam
