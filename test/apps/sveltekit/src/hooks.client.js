import '$lib/analytics';
